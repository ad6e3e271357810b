using System.Diagnostics;

namespace Relay.Lab.Processes;

/// <summary>A program run as our own child. It and its children end with this object.</summary>
public sealed class LabProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly Task _output;

    private LabProcess(Process process, ProcessLog log)
    {
        _process = process;
        Log = log;
        _output = Task.WhenAll(
            log.PumpAsync(process.StandardOutput.BaseStream), log.PumpAsync(process.StandardError.BaseStream));
    }

    /// <summary>What it wrote on standard output and standard error.</summary>
    public ProcessLog Log { get; }

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>It has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Starts a program; what it writes goes to a file.</summary>
    /// <param name="start">The program, its arguments, directory and environment.</param>
    /// <param name="logPath">Where its output is kept.</param>
    public static LabProcess Start(ProcessStartInfo start, string logPath)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.UseShellExecute = false;
        var log = new ProcessLog(logPath);
        try
        {
            var process = Process.Start(start)!;
            process.StandardInput.Close();
            return new LabProcess(process, log);
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Waits for a line of its output, at most half a minute. Throws, with the end of the output, when the process ends
    /// before or the time is up.
    /// </summary>
    public async Task<string> WaitForLineAsync(Predicate<string> matches, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var line = Log.WaitForAsync(matches, linked.Token);
        await Task.WhenAny(line, EndOfOutputAsync(linked.Token));
        if (line.IsCompletedSuccessfully)
        {
            return await line;
        }

        cancellationToken.ThrowIfCancellationRequested();
        await linked.CancelAsync();
        var state = HasExited ? $"ended with exit code {_process.ExitCode}" : "is still running";
        throw new InvalidOperationException(
            $"{_process.StartInfo.FileName} {state} and did not write the line waited for:\n{Log.Tail}");
    }

    /// <summary>Waits until it ends by itself; gives its exit code.</summary>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await EndOfOutputAsync(cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Sends a signal by its name without SIG: <c>HUP</c>, <c>STOP</c>, <c>CONT</c>.</summary>
    public async Task SignalAsync(string signal, CancellationToken cancellationToken)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{Id}"]);
        await kill.WaitForExitAsync(cancellationToken);
    }

    /// <summary>
    /// SIGTERM, and the exit code; SIGKILL when it has not ended after half a minute, which gives 137.
    /// </summary>
    public async Task<int> TerminateAsync(CancellationToken cancellationToken)
    {
        await SignalAsync("TERM", cancellationToken);
        try
        {
            await EndOfOutputAsync(cancellationToken).WaitAsync(Patience, TimeProvider.System, cancellationToken);
        }
        catch (TimeoutException)
        {
            await KillAsync(cancellationToken);
        }

        return _process.ExitCode;
    }

    /// <summary>SIGKILL for it and all its children.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>What it has used so far; null when it has ended.</summary>
    public ProcessUsage? ReadUsage()
    {
        _process.Refresh();
        return _process.HasExited ? null : new ProcessUsage(_process.TotalProcessorTime, _process.PeakWorkingSet64);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync(CancellationToken.None);
        }

        try
        {
            await _output.WaitAsync(Patience, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            // A grandchild that left the tree holds the pipe; the log is complete as far as we are concerned.
        }

        Log.Dispose();
        _process.Dispose();
    }

    private async Task EndOfOutputAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        await _output.WaitAsync(cancellationToken);
    }
}
