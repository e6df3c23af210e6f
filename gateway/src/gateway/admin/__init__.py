"""What operators do on the machine itself, beside a gateway that runs."""
