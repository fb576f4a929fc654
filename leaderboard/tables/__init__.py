"""How tables look: one module per page, over what they share."""
