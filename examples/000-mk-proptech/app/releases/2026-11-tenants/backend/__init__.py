"""Property management: the build that knows tenants."""
