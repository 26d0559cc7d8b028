"""Select features, fit on training rows, predict risk; everything here takes arrays and gives frozen values."""
