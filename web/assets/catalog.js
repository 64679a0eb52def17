"use strict";

const products = document.getElementById("products");
const said = document.getElementById("said");

function price(money) {
  const format = new Intl.NumberFormat(undefined, { style: "currency", currency: money.currency.toUpperCase() });
  return format.format(money.amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

function row(product) {
  const item = document.createElement("li");
  const title = document.createElement("span");
  title.textContent = product.title;
  const offer = document.createElement("strong");
  const best = product.offers.find((one) => one.available);
  offer.textContent = best ? `${price(best.unit_price)}, ${best.seller_name}` : "sold out";
  item.append(title, offer);
  return item;
}

async function show() {
  const answer = await fetch("/catalog/products");
  if (!answer.ok) {
    throw new Error(`the catalog answers ${answer.status}`);
  }
  const page = await answer.json();
  products.replaceChildren(...page.items.map(row));
  said.textContent = page.items.length ? "" : "Nothing is on sale yet.";
}

show().catch((error) => {
  said.textContent = `Nothing to show: ${error.message}.`;
});
