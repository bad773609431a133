"""The networks, their losses, and the methods that train them."""

__all__ = ["adversarial", "base", "folded", "kcs", "losses", "methods", "networks", "optimizer"]
