"""Documents about results: one value in, one document out. A folder for each form, text and JSON, and SARIF."""
