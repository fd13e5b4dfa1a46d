//! A Kubernetes-shaped API on loopback.
