//! Who is slow or greedy loses the connection, and nobody else notices. The limits are scaled through
//! the library's own struct.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use postrider::server::Limits;

use super::inside::Served;
use super::newsroom;
use crate::support::DEADLINE;

/// Waits until the server closes, and gives what it said.
#[track_caller]
fn until_closed(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the server does not close: {error}"),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A second in the program is a millisecond or so here; what is not looked at stays as it is.
fn limits() -> Limits {
    Limits {
        farewell: Duration::from_secs(1),
        ..Limits::default()
    }
}

const SHORT: Duration = Duration::from_millis(50);

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn a_connection_that_says_nothing_is_closed() {
    let served = Served::start(
        newsroom(),
        Limits {
            first_byte: SHORT,
            ..limits()
        },
    );
    assert_eq!(until_closed(&mut served.connect()), "");
}

#[test]
fn a_head_that_does_not_end_is_closed() {
    let served = Served::start(
        newsroom(),
        Limits {
            head: SHORT,
            ..limits()
        },
    );
    let mut stream = served.connect();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX-")
        .unwrap();
    assert_eq!(until_closed(&mut stream), "");
    // The same after a request that was answered.
    let mut stream = served.connect();
    stream.write_all(GET.as_bytes()).unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    stream.write_all(b"GET /").unwrap();
    until_closed(&mut stream);
}

/// A body that stops, and one that comes byte by byte: time is counted from the request's first byte on.
#[test]
fn a_body_that_does_not_end_is_closed() {
    let served = Served::start(
        newsroom(),
        Limits {
            request: SHORT,
            ..limits()
        },
    );
    let head = "POST /subscribe HTTP/1.1\r\nHost: a\r\nContent-Length: 16000\r\n\r\nemail=";
    let mut stream = served.connect();
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(until_closed(&mut stream), "");
    let mut stream = served.connect();
    stream.write_all(head.as_bytes()).unwrap();
    // A byte, and then as long as it takes to see that nothing came back.
    let pause = Duration::from_millis(1);
    stream.set_read_timeout(Some(pause)).unwrap();
    for sent in 0.. {
        assert!(sent < 15_000, "all of it was taken");
        let is_open = stream.write_all(b"a").is_ok()
            && matches!(stream.read(&mut [0; 1]), Err(error) if error.kind() == ErrorKind::WouldBlock);
        if !is_open {
            break;
        }
    }
}

#[test]
fn a_connection_that_asks_no_more_is_closed() {
    let served = Served::start(
        newsroom(),
        Limits {
            idle: SHORT,
            ..limits()
        },
    );
    let mut stream = served.connect();
    stream.write_all(GET.as_bytes()).unwrap();
    assert!(until_closed(&mut stream).starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn who_takes_no_byte_of_an_answer_is_closed() {
    let room = newsroom().file("public/large.bin", vec![0; 32 * 1024 * 1024]);
    let served = Served::start(
        room,
        Limits {
            stall: SHORT,
            ..limits()
        },
    );
    let mut stream = served.connect();
    stream
        .write_all(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    // The server's number of connections is asked for over another one.
    let is_closed = || {
        let numbers = served.browser.get("/metrics");
        numbers.contains("postrider_http_connections_timed_out_total 1\n")
    };
    let began = std::time::Instant::now();
    while !is_closed() {
        assert!(began.elapsed() < DEADLINE, "still open");
        std::thread::yield_now();
    }
    assert!(until_closed(&mut stream).len() < 32 * 1024 * 1024);
}

/// A byte now and then is no stall, and would hold an answer for weeks.
#[test]
fn who_takes_an_answer_byte_by_byte_is_closed() {
    let room = newsroom().file("public/large.bin", vec![0; 32 * 1024 * 1024]);
    let limits = Limits {
        stall: SHORT,
        slowest: 1 << 40,
        ..limits()
    };
    let served = Served::start(room, limits);
    let mut stream = served.connect();
    stream
        .write_all(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let mut taken = 0;
    while matches!(stream.read(&mut [0; 1]), Ok(1)) {
        taken += 1;
    }
    assert!(taken < 32 * 1024 * 1024, "all of it was sent");
}

/// The full size, with the limits of the program: `docs/serving.md` has the command.
#[test]
#[ignore = "needs 4,096 open files; the command stands in docs/serving.md"]
fn two_thousand_slow_connections_stop_nobody_else() {
    let room = newsroom();
    let (_running, browser) = super::serve(&room);
    let mut slow = Vec::new();
    for number in 0..2000_u32 {
        let network = u8::try_from(number / 50).unwrap();
        let mut stream = from_address(Ipv4Addr::new(127, 1, network, 1), browser.address());
        if number % 2 == 0 {
            let _ = stream.write_all(b"GET / HTTP/1.1\r\nX-Slow: ");
        }
        slow.push(stream);
    }
    for _ in 0..100 {
        assert!(browser.get("/issues/of-paper/").contains("made of rags"));
    }
    // Each of them is closed in its time.
    for stream in &mut slow {
        assert_eq!(until_closed(stream), "");
    }
}

/// What `docs/serving.md` promises of 2,000 connections, with as many as a test may have.
#[test]
fn slow_connections_stop_nobody_else() {
    let limits = Limits {
        connections: 40,
        connections_per_address: 30,
        ..limits()
    };
    let served = Served::start(newsroom(), limits);
    // They hold on: each waits for ten seconds, and many more come than there is room for.
    let slow: Vec<TcpStream> = (0..200)
        .map(|number| {
            let mut stream = served.connect();
            if number % 2 == 0 {
                stream.write_all(b"GET / HTTP/1.1\r\nX-Slow: ").unwrap();
            }
            stream
        })
        .collect();
    // From this address there are as many as there may be; another one has its own.
    let stream = from_address(Ipv4Addr::new(127, 0, 0, 2), served.browser.address());
    assert!(answers(stream));
    drop(slow);
}

#[test]
fn a_full_house_asks_the_one_to_leave_that_waits_longest() {
    let limits = Limits {
        connections: 20,
        connections_per_address: 20,
        ..limits()
    };
    let served = Served::start(newsroom(), limits);
    let mut slow: Vec<TcpStream> = (0..20).map(|_| served.connect()).collect();
    let began = std::time::Instant::now();
    loop {
        // A guest who has just come is not asked: then this one is turned away and comes again.
        if answers(from_address(
            Ipv4Addr::new(127, 0, 0, 3),
            served.browser.address(),
        )) {
            break;
        }
        assert!(began.elapsed() < DEADLINE, "nobody is let in");
    }
    assert_eq!(until_closed(slow.first_mut().unwrap()), "");
}

/// Whether a request over this connection is answered.
fn answers(mut stream: TcpStream) -> bool {
    let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let mut bytes = Vec::new();
    let asked = stream.write_all(request.as_bytes());
    let _ = asked.and_then(|()| stream.read_to_end(&mut bytes));
    bytes.starts_with(b"HTTP/1.1 200 OK")
}

/// A connection from another address of this machine.
fn from_address(address: Ipv4Addr, server: SocketAddr) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind((address, 0).into()).unwrap();
        socket.connect(server).await.unwrap()
    });
    let stream = stream.into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

#[test]
fn a_trusted_proxy_has_as_many_connections_as_it_needs() {
    let room = newsroom().table("[serve]\ntrusted_proxies = [\"127.0.0.0/8\"]");
    let limits = Limits {
        connections_per_address: 2,
        // Only their number closes them.
        first_byte: 2 * DEADLINE,
        ..limits()
    };
    let served = Served::start(room, limits);
    let held: Vec<TcpStream> = (0..10).map(|_| served.connect()).collect();
    assert!(answers(served.connect()));
    drop(held);
    let served = Served::start(newsroom(), limits);
    let mut held: Vec<TcpStream> = (0..10).map(|_| served.connect()).collect();
    // The third and all after it are closed at once.
    assert_eq!(until_closed(held.last_mut().unwrap()), "");
}

#[test]
fn a_request_that_is_open_at_the_end_is_answered_and_an_idle_connection_closed() {
    let room = newsroom().file("public/large.bin", vec![7; 8 * 1024 * 1024]);
    let mut served = Served::start(
        room,
        Limits {
            farewell: DEADLINE,
            ..limits()
        },
    );
    let mut idle = served.connect();
    idle.write_all(GET.as_bytes()).unwrap();
    let mut first = [0; 16];
    idle.read_exact(&mut first).unwrap();
    let mut open = served.connect();
    open.write_all(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    open.read_exact(&mut first).unwrap();
    let reader = std::thread::spawn(move || until_closed(&mut open));
    served.stop();
    assert!(reader.join().unwrap().len() > 8 * 1024 * 1024);
    until_closed(&mut idle);
    assert!(TcpStream::connect(served.browser.address()).is_err());
}
