/// The version of the tool, as `attnlab --version` prints it and results carry it.
public let attnlabVersion = "0.1.0"
