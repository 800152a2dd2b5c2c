"""Training: profiles in, a verified artifact out; every step a function from one frozen value to the next."""

from training.renamed_modules import install

install()
