"""Property management: the build before tenants."""
