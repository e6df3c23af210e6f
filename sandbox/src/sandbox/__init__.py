"""Microsoft on one desk: an OIDC authority and the part of Graph mail that we call. Test and demo only."""
