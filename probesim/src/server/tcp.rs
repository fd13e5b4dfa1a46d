//! The plain TCP port: it accepts, says what it is told to say, and listens until the client leaves.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time;

use super::control::Controlled;
use super::engine::Engine;
use super::peer::Peer;
use super::raw::{self, GARBAGE};
use crate::decide::Decision;
use crate::plan::what::Manner;
use crate::plan::whom::Asked;

/// Serves one connection.
///
/// # Caveats
/// A kubelet's tcpSocket probe succeeds as soon as the kernel has accepted; only a fault of the network makes it
/// fail.
pub(crate) async fn serve(
    mut stream: TcpStream,
    engine: Arc<Engine>,
    address: IpAddr,
    mut control: Controlled,
) {
    let endpoint = crate::endpoint::Endpoint::Tcp;
    let asked = Asked { headers: None, path: "", address: Some(address) };
    let decision = engine.arrive(endpoint, asked);
    let is_reset = tokio::select! {
        is_reset = act(&mut stream, &engine, &decision) => is_reset,
        control = control.until(|control| control.is_stopping || control.is_cut()) => control.is_cut(),
    };
    if is_reset {
        stream.reset();
    }
}

/// Whether the connection is to be reset in the end.
async fn act(stream: &mut TcpStream, engine: &Engine, decision: &Decision) -> bool {
    if !decision.delay.is_zero() {
        let waiting = engine.state().wait();
        tokio::select! {
            () = time::sleep(decision.delay) => waiting.finish(),
            () = raw::until_gone(stream) => return false,
        }
        engine.served(crate::endpoint::Endpoint::Tcp, decision.delay, decision.delay);
    }
    let Some(answer) = decision.answer() else {
        raw::until_gone(stream).await;
        return false;
    };
    let body = answer.body.clone().unwrap_or_default();
    let written = match answer.manner {
        Manner::Reset => return true,
        Manner::Close => return false,
        Manner::HalfClose => stream.shutdown().await,
        Manner::Never | Manner::Stall => Ok(()),
        Manner::Garbage | Manner::Malformed => stream.write_all(GARBAGE).await,
        Manner::SlowHeaders | Manner::Trickle => raw::slowly(stream, &body, answer.over).await,
        Manner::Cut | Manner::Truncate => stream.write_all(&body[..body.len() / 2]).await,
        Manner::Whole => stream.write_all(&body).await,
    };
    let ends = matches!(answer.manner, Manner::Cut | Manner::Truncate)
        || (answer.manner == Manner::Whole && answer.status >= 400);
    if written.is_ok() && !ends {
        let _waiting = engine.state().wait();
        raw::until_gone(stream).await;
    }
    answer.manner == Manner::Cut
}
