"""How the models that the application uses are made, from data that is generated with a fixed seed."""
