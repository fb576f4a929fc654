"""The public pages. Each reads its address, asks the selectors and fills one template."""
