"""The grid: requirements by runtimes, with the verdict and the evidence in every cell; as a page, Markdown and JSON."""
