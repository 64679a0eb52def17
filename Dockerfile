# The one image of the marketplace. ECS runs it as a service (`python -m services.checkout`), Lambda as a function
# (`python -m awslambdaric functions.order_processor.aws.handler`): each says so itself, so there is no entry point.
# SageMaker says only `serve`, and runs x86-64 only.
#
#   marketplace image <registry>/marketplace
#   marketplace image <registry>/marketplace --scorer

FROM ghcr.io/astral-sh/uv:0.13.9 AS uv

FROM python:3.12-slim AS build
COPY --from=uv /uv /usr/local/bin/uv
ENV UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never VIRTUAL_ENV=/opt/venv
WORKDIR /build
COPY pyproject.toml uv.lock ./
# What the lock says for the application, without the tools that deploy it.
RUN uv export --frozen --no-dev --extra app --extra lambda --no-emit-project --prune pulumi --prune rich --prune typer \
        --output-file requirements.txt --quiet \
    && uv venv /opt/venv \
    && uv pip install --compile-bytecode --require-hashes -r requirements.txt

FROM python:3.12-slim
# Aurora's certificates come from Amazon's own authority, which no distribution trusts by itself.
ADD --chmod=644 https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem /usr/local/share/ca-certificates/amazon-rds.crt
RUN update-ca-certificates \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin marketplace \
    && printf '#!/bin/sh\nexec python -m services.scorer\n' > /usr/local/bin/serve \
    && chmod 755 /usr/local/bin/serve
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY commerce ./commerce
COPY services ./services
COPY functions ./functions
RUN /opt/venv/bin/python -m compileall -q commerce services functions
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
# The root file system is read-only in the cluster; a volume keeps the permissions that /tmp has here.
VOLUME ["/tmp"]
USER 10001:10001
EXPOSE 8080
CMD ["python", "-m", "services.checkout"]
