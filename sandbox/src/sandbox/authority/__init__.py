"""An OpenID Connect authority shaped like login.microsoftonline.com."""
