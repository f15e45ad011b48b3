"""The house's own tools: execute a chapter, prove the site. No notebook imports
them."""
