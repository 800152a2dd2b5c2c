"""Training: from profiles to a verified artifact, step by step with frozen values."""

from training.renamed_modules import install

install()
