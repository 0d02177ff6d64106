//! Tests of the secure sessions.
