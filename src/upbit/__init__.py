"""upbit-client: the Upbit Open API for Python, with a whole exchange inside to rehearse on."""
