using System.Buffers;

namespace Relay.Logging;

/// <summary>Writes an event as one line: text for people and grep, JSON for collectors.</summary>
internal interface ILogLineFormat
{
    void Write(IBufferWriter<byte> output, in LogEntry entry);
}
