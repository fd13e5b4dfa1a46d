//! The harness of the end-to-end tests: real processes, real TCP, and a simulated API server that misbehaves.
//!
//! `binary` says which programs are run and `process` runs them; `gate` and `simulator` are the two programs.
//! `replay` plays a recording to a gate; in a `lab` its `objects` are made by hand; `tls` puts TLS in front of
//! either, and an `impostor` answers in their place; a `cluster` is the lab that runs manifests. `http` asks without a library, `browser` drives a real one,
//! `scratch` keeps files, `patience` limits every wait; `measure` and `throughput` are for figures; `generated` is what
//! is made from the command lines.

pub mod binary;
pub mod browser;
pub mod cluster;
pub mod gate;
pub mod generated;
pub mod http;
pub mod impostor;
pub mod kubectl;
pub mod lab;
pub mod measure;
pub mod objects;
pub mod patience;
pub mod process;
pub mod replay;
pub mod scratch;
pub mod simulator;
pub mod throughput;
pub mod tls;
