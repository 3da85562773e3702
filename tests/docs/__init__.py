"""The reference in docs/, written from the code, and what is checked of all pages."""
