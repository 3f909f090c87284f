//! What is drawn besides letters. Edges are as soft as a pixel; nothing here needs more than
//! arithmetic that gives the same result on every machine.

use super::canvas::{BLUE, Canvas, Colour, HEIGHT, MARK, SOFT, WIDTH};

/// Width of the striped edge, in pixels.
const EDGE: i32 = 22;

/// Length of one stripe or gap along the edge, in pixels.
const STRIPE: f32 = 46.0;

/// The stripes around an air-mail envelope.
pub(super) fn air_mail_edge(canvas: &mut Canvas) {
    let (width, height) = (WIDTH.cast_signed(), HEIGHT.cast_signed());
    for y in 0..height {
        let is_row_of_edge = y < EDGE || y >= height - EDGE;
        let left = if is_row_of_edge { width } else { EDGE };
        for x in (0..left).chain((width - EDGE..width).filter(|x| *x >= left)) {
            // Red, gap, blue, gap along the slanted way.
            let way = (x as f32 + y as f32 * 0.7) / STRIPE;
            let turn = way.rem_euclid(4.0);
            let (colour, at) = if turn < 2.0 {
                (MARK, turn)
            } else {
                (BLUE, turn - 2.0)
            };
            canvas.set(x, y, colour.shade(stripe(at)));
        }
    }
}

/// Coverage of a stripe that reaches from 0 to 1, with edges of a pixel.
fn stripe(at: f32) -> f32 {
    let pixel = STRIPE / 1.2;
    let rise = (at * pixel + 0.5).clamp(0.0, 1.0);
    let fall = ((1.0 - at) * pixel + 0.5).clamp(0.0, 1.0);
    // The stripe before this one's beginning lies at the end of the turn.
    rise.min(fall)
        .max(((at - 2.0) * pixel + 0.5).clamp(0.0, 1.0))
}

/// A postmark: two rings, and the waves that cancel the stamp at their left.
pub(super) fn postmark(canvas: &mut Canvas, centre: (f32, f32), radius: f32) {
    ring(canvas, centre, radius, 4.0);
    ring(canvas, centre, radius - 11.0, 1.6);
    for line in 0..4_u8 {
        let y = centre.1 + (f32::from(line) - 1.5) * radius * 0.42;
        wave(
            canvas,
            (centre.0 - radius * 2.55, centre.0 - radius - 8.0),
            y,
        );
    }
}

fn ring(canvas: &mut Canvas, (x, y): (f32, f32), radius: f32, width: f32) {
    let reach = radius + width;
    around((x - reach, y - reach), (x + reach, y + reach), |px, py| {
        let (dx, dy) = (px as f32 + 0.5 - x, py as f32 + 0.5 - y);
        let distance = ((dx * dx + dy * dy).sqrt() - radius).abs();
        canvas.set(px, py, MARK.shade(width / 2.0 + 0.5 - distance));
    });
}

/// A line that goes up and down between two places. Its arcs are parabolas.
fn wave(canvas: &mut Canvas, (from, to): (f32, f32), y: f32) {
    const HALF: f32 = 18.0;
    const HIGH: f32 = 7.0;
    const WIDTH: f32 = 3.2;
    around((from, y - HIGH - 4.0), (to, y + HIGH + 4.0), |px, py| {
        let way = (px as f32 + 0.5 - from) / HALF;
        let (arc, at) = (way.floor(), way - way.floor());
        let side = if arc.rem_euclid(2.0) < 1.0 { -1.0 } else { 1.0 };
        let height = side * HIGH * 4.0 * at * (1.0 - at);
        let slope = side * HIGH * 4.0 * (1.0 - 2.0 * at) / HALF;
        let distance = (py as f32 + 0.5 - y - height).abs() / (1.0 + slope * slope).sqrt();
        canvas.set(px, py, MARK.shade(WIDTH / 2.0 + 0.5 - distance));
    });
}

/// An envelope seen from behind, for a publication whose name cannot be written here.
pub(super) fn envelope(canvas: &mut Canvas) {
    let (left, right, top, bottom) = (330.0, 870.0, 150.0, 480.0);
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
    for (index, from) in corners.iter().enumerate() {
        line(canvas, *from, corners[(index + 1) % 4], SOFT);
    }
    let middle = f32::midpoint(left, right);
    line(canvas, (left, top), (middle, 350.0), SOFT);
    line(canvas, (middle, 350.0), (right, top), SOFT);
}

fn line(canvas: &mut Canvas, from: (f32, f32), to: (f32, f32), colour: Colour) {
    const WIDTH: f32 = 6.0;
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = (dx * dx + dy * dy).sqrt();
    let least = (from.0.min(to.0) - WIDTH, from.1.min(to.1) - WIDTH);
    let most = (from.0.max(to.0) + WIDTH, from.1.max(to.1) + WIDTH);
    around(least, most, |px, py| {
        let (x, y) = (px as f32 + 0.5 - from.0, py as f32 + 0.5 - from.1);
        // The nearest place of the line, which has round ends.
        let along = ((x * dx + y * dy) / length).clamp(0.0, length);
        let (nx, ny) = (x - dx / length * along, y - dy / length * along);
        let distance = (nx * nx + ny * ny).sqrt();
        canvas.set(px, py, colour.shade(WIDTH / 2.0 + 0.5 - distance));
    });
}

/// Every pixel of a rectangle.
fn around(least: (f32, f32), most: (f32, f32), mut work: impl FnMut(i32, i32)) {
    for y in least.1.floor() as i32..=most.1.ceil() as i32 {
        for x in least.0.floor() as i32..=most.0.ceil() as i32 {
            work(x, y);
        }
    }
}
