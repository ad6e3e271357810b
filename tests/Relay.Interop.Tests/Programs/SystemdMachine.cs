using System.Diagnostics;
using System.Globalization;
using System.Text;
using Relay.Lab.Processes;

namespace Relay.Interop.Tests.Programs;

/// <summary>
/// A machine that systemd runs, made of namespaces: the real process 1 with the real sandboxing, on this machine's file system
/// under a layer that is thrown away. <c>config/relay.service</c> is installed on it with the program of this build. It shares the
/// loopback network, so that the lab's name server and MX hosts are there.
/// </summary>
internal sealed class SystemdMachine : IAsyncDisposable
{
    private readonly LabProcess _outer;
    private readonly string _directory;
    private readonly int _processOne;

    private SystemdMachine(LabProcess outer, string directory, int processOne) =>
        (_outer, _directory, _processOne) = (outer, directory, processOne);

    /// <summary>Why none can be booted here; null when one can.</summary>
    public static string? WhyImpossible() =>
        DebianProgram.WhyMissing(DebianProgram.Systemd)
        ?? (Environment.IsPrivilegedProcess ? null : "Namespaces and mounts need root.");

    /// <summary>Boots it. <paramref name="directory"/>/etc may hold the relay's configuration already.</summary>
    public static async Task<SystemdMachine> BootAsync(string directory, CancellationToken cancellationToken)
    {
        var programs = AppContext.BaseDirectory;
        var start = new ProcessStartInfo(
            Path.Combine(programs, "Programs/boot-systemd.sh"), [directory, programs, Path.Combine(programs, "config/relay.service")]);
        var outer = LabProcess.Start(start, Path.Combine(directory, "systemd.log"));
        try
        {
            while (true)
            {
                // systemd has no line to say that it is up: its socket answers, or not yet.
                if (ChildOf(outer.Id) is { } processOne
                    && (await RunInsideAsync(processOne, ["systemctl", "is-active", "lab.target"], cancellationToken)).ExitCode == 0)
                {
                    return new SystemdMachine(outer, directory, processOne);
                }

                Assert.False(outer.HasExited, string.Join('\n', outer.Log.Lines));
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, cancellationToken);
            }
        }
        catch
        {
            await outer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs systemctl, which has to succeed; what it printed.</summary>
    public async Task<string> SystemctlAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        var (exitCode, output) = await RunInsideAsync(_processOne, ["systemctl", .. arguments], cancellationToken);
        Assert.True(
            exitCode == 0,
            $"systemctl {string.Join(' ', arguments)} ended with {exitCode}: {output}\n{string.Join('\n', _outer.Log.Lines)}\n{string.Join('\n', ReadLog())}");
        return output;
    }

    /// <summary>One property of the relay's unit.</summary>
    public async Task<string> PropertyAsync(string name, CancellationToken cancellationToken) =>
        (await SystemctlAsync(cancellationToken, "show", "relay", "--value", "--property", name)).Trim();

    /// <summary>A field of the relay's process in <c>/proc/PID/status</c>.</summary>
    public async Task<string> ProcessFieldAsync(string field, CancellationToken cancellationToken)
    {
        var process = await PropertyAsync("MainPID", cancellationToken);
        var (_, status) = await RunInsideAsync(_processOne, ["cat", $"/proc/{process}/status"], cancellationToken);
        var line = status.Split('\n').Single(line => line.StartsWith($"{field}:", StringComparison.Ordinal));
        return line[(field.Length + 1)..].Trim();
    }

    /// <summary>The relay's log so far.</summary>
    public string[] ReadLog()
    {
        var file = Path.Combine(_directory, "log", "relay.log");
        return File.Exists(file) ? File.ReadAllLines(file) : [];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var group = string.Create(CultureInfo.InvariantCulture, $"*/relay-lab-{_outer.Id}*");
        await _outer.DisposeAsync();
        await ClearGroupsAsync(group);
    }

    // A group cannot go before the last of its processes, and the kernel takes its time with those.
    private static async Task ClearGroupsAsync(string path)
    {
        string[] clear = ["/sys/fs/cgroup", "-depth", "-type", "d", "-path", path, "-exec", "rmdir", "{}", ";"];
        for (var tries = 0; tries < 100; tries++)
        {
            var (_, _, error) = await DebianProgram.RunAsync("/usr/bin/find", clear, [], CancellationToken.None);
            if (error.Length == 0)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }
    }

    private static async Task<(int ExitCode, string Output)> RunInsideAsync(
        int processOne, string[] command, CancellationToken cancellationToken)
    {
        var target = processOne.ToString(CultureInfo.InvariantCulture);
        string[] arguments = ["-t", target, "-p", "-m", "-r", "-w", "-i", "-u", "-C", .. command];
        var (exitCode, output, error) = await DebianProgram.RunAsync("/usr/bin/nsenter", arguments, [], cancellationToken);
        return (exitCode, Encoding.UTF8.GetString(output) + error);
    }

    private static int? ChildOf(int process)
    {
        var id = process.ToString(CultureInfo.InvariantCulture);
        var children = File.ReadAllText($"/proc/{id}/task/{id}/children");
        return int.TryParse(children, NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var child) ? child : null;
    }
}
