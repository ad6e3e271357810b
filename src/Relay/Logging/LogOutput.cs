using System.Buffers;
using System.Globalization;
using System.Text;

namespace Relay.Logging;

/// <summary>
/// Carries finished log lines to a stream on a thread of its own, without ever making a caller wait for it: what a
/// stuck reader of standard output does not take is dropped beyond a bound, and counted in a line of its own once there
/// is room.
/// </summary>
internal sealed class LogOutput : IDisposable
{
    private const int MaxPendingOctets = 8 * 1024 * 1024;
    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(3);

    private readonly Stream _stream;
    private readonly object _gate = new();
    private readonly Thread _pump;
    private ArrayBufferWriter<byte> _pending = new(64 * 1024);
    private ArrayBufferWriter<byte> _writing = new(64 * 1024);
    private long _dropped;
    private bool _isWriting;
    private bool _closed;

    public LogOutput(Stream stream)
    {
        _stream = stream;
        _pump = new Thread(Pump) { Name = "log", IsBackground = true };
        _pump.Start();
    }

    public void Write(ReadOnlySpan<byte> line)
    {
        lock (_gate)
        {
            if (_closed || _pending.WrittenCount + line.Length > MaxPendingOctets)
            {
                _dropped++;
                return;
            }

            _pending.Write(line);
            if (_pending.WrittenCount == line.Length)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Returns once every line so far is in the stream.</summary>
    public void Drain()
    {
        lock (_gate)
        {
            while (_pending.WrittenCount > 0 || _isWriting)
            {
                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>Writes what is pending, within seconds, and ends; lines that come later are lost.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            Monitor.PulseAll(_gate);
        }

        // A reader that is stuck must not keep the program from ending; the thread is a background one and ends with it.
        if (_pump.Join(LastWait))
        {
            _stream.Dispose();
        }
    }

    private void Pump()
    {
        while (TakePending())
        {
            try
            {
                _stream.Write(_writing.WrittenSpan);
                _stream.Flush();
            }
            catch (IOException)
            {
                // Nobody reads standard output any more; the relay's work does not depend on it.
            }

            _writing.ResetWrittenCount();
        }
    }

    private bool TakePending()
    {
        lock (_gate)
        {
            _isWriting = false;
            Monitor.PulseAll(_gate);
            while (_pending.WrittenCount == 0 && !_closed)
            {
                Monitor.Wait(_gate);
            }

            (_pending, _writing) = (_writing, _pending);
            if (_dropped > 0 && _writing.WrittenCount > 0)
            {
                _writing.Write(Encoding.UTF8.GetBytes(
                    string.Create(CultureInfo.InvariantCulture, $"log-lost lines={_dropped}\n")));
                _dropped = 0;
            }

            _isWriting = _writing.WrittenCount > 0;
            return _isWriting;
        }
    }
}
