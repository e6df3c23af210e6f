"""The part of Microsoft Graph v1.0 mail that we call, with the behaviours that bite."""
