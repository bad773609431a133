"""The networks, their losses, and the methods that train them."""
