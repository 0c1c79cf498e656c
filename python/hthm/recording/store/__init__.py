"""Datasets: a folder of HDF5 shards, a range of runs each, and the manifest that names them."""
