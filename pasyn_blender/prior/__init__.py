"""The pose prior: pose corpora, the variational autoencoder learnt from them, and sampling it with numpy."""
