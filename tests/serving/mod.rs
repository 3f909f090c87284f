//! The live server, asked over real sockets.

mod start;
