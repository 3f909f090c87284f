//! The live server, asked over real sockets.

mod by_the_clock;
mod start;
