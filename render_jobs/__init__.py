"""Jobs: from one YAML file to one labelled dataset, on one machine or a cluster."""
