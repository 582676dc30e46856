check:
fuzz:
