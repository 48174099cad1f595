pytest_plugins = ["spec.engine.plugin"]
