"""The paper's results, a module each."""
