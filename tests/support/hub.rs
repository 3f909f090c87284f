//! A hub of feeds on this machine, which answers as the test says.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::DEADLINE;

/// A hub. It ends with the test process.
#[derive(Debug)]
pub struct Hub {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Hub {
    /// A hub that answers the first requests with these status lines, and the others with the last
    /// of them. An empty one is never answered.
    pub fn answering(answers: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let hub = Self {
            port: listener.local_addr().unwrap().port(),
            asked: Arc::default(),
        };
        let asked = hub.asked.clone();
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let request = read_request(&mut stream);
                asked.lock().unwrap().push(request);
                let answer = answers.get(number).or(answers.last()).unwrap();
                if answer.is_empty() {
                    silent.push(stream);
                } else {
                    let _ = write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
                }
            }
        });
        hub
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hub", self.port)
    }

    /// The requests so far, with their bodies.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// The bodies of the requests.
    pub fn told(&self) -> Vec<String> {
        let body = |request: &String| request.split_once("\r\n\r\n").unwrap().1.to_owned();
        self.asked().iter().map(body).collect()
    }

    /// Waits for that many requests.
    #[track_caller]
    pub fn wait_for(&self, count: usize) {
        let start = Instant::now();
        while self.asked().len() < count {
            assert!(start.elapsed() < DEADLINE, "{:#?}", self.asked());
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut block = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("Content-Length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        let count = stream.read(&mut block).unwrap_or(0);
        if count == 0 {
            return String::from_utf8_lossy(&request).into_owned();
        }
        request.extend_from_slice(&block[..count]);
    }
}
