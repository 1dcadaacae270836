internal import CRDKafka
internal import Glibc

/// Destroys a consumer client on a thread of its own, so that whoever lets go of it waits a bounded time only.
final class Destruction: Sendable {
    /// A pointer's bits: the client has no other user from here on.
    private let client: UInt
    /// librdkafka's threads may write to it until the client is gone.
    private let wakeUp: KafkaWakeUp
    private let done: KafkaWakeUp

    private init(_ client: OpaquePointer, _ wakeUp: KafkaWakeUp, _ done: KafkaWakeUp) {
        self.client = UInt(bitPattern: client)
        self.wakeUp = wakeUp
        self.done = done
    }

    /// Returns when the client is gone, or after the time; then its threads are left to themselves.
    static func run(_ client: OpaquePointer, _ wakeUp: KafkaWakeUp, milliseconds: Int32) {
        guard let done = try? KafkaWakeUp() else {
            _ = Unmanaged.passRetained(wakeUp)
            return
        }
        let destruction = Unmanaged.passRetained(Destruction(client, wakeUp, done))
        var thread = pthread_t()
        let body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
            guard let argument else { return nil }
            // Released here: the thread is the one owner.
            Unmanaged<Destruction>.fromOpaque(argument).takeRetainedValue().destroy()
            return nil
        }
        // Where no thread can be had, the client and the box are left as they are.
        guard pthread_create(&thread, nil, body, destruction.toOpaque()) == 0 else { return }
        pthread_detach(thread)
        done.wait(milliseconds: milliseconds)
    }

    private func destroy() {
        if let client = OpaquePointer(bitPattern: client) {
            rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
        }
        done.signal()
    }
}
