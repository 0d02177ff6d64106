//! Package under construction.
