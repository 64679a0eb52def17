"""The fraud scorer: a container that gives the probability of fraud for the features of an order."""
