// A loaded config → the YAML that --print-config prints, each value with where it came from. Pure.
