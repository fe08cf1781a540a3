"""The parts of make_fixtures.py: what PyTorch, diffusers and transformers compute, written down for the Swift tests."""
