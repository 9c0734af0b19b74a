//! The room over a small province that can be counted by hand, and over the outlines of the real one.

mod house;

mod clocks;
mod figures;
mod given;
mod pages;
mod permits;
mod points;
mod real;
