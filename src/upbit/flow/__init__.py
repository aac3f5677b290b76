"""In what order things happen: generators that say what to send and how long to wait. No clock, no socket."""
