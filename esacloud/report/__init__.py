"""What people look at: tables and summaries."""
