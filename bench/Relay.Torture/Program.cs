using System.CommandLine;
using Relay.Torture;
using Relay.Torture.DiskFaults;

var kills = new Option<int>("--kills") { Description = "how often the relay is killed, or how often the small disk fills up", DefaultValueFactory = _ => 200 };
var seed = new Option<int>("--seed") { Description = "what moments and faults are drawn from", DefaultValueFactory = _ => 1 };
var rate = new Option<int>("--rate") { Description = "messages a second", DefaultValueFactory = _ => 200 };
var sessions = new Option<int>("--sessions") { Description = "clients at the same time", DefaultValueFactory = _ => 8 };
var smallDisk = new Option<int?>("--small-disk") { Description = "instead: fill a file system of so many MiB, mounted for the purpose (needs root)" };
var diskFaults = new Option<bool>("--disk-faults") { Description = "instead: let fsync, writes and reads of the queue's files fail, and the power go with most kills (needs a C compiler)" };
var faults = new Option<string[]>("--fault") { Description = "with --disk-faults: only these faults, by name", DefaultValueFactory = _ => [] };
var command = new RootCommand(
    "Kills the relay of this tree under load, again and again, while DNS, TLS, SMTP and the store fail; counts what was answered 250 and what arrived.")
{
    kills, seed, rate, sessions, smallDisk, diskFaults, faults,
};
command.SetAction(async (parsed, cancellationToken) =>
{
    var plan = new TorturePlan
    {
        Kills = parsed.GetValue(kills),
        Seed = parsed.GetValue(seed),
        MessagesPerSecond = parsed.GetValue(rate),
        Sessions = parsed.GetValue(sessions),
    };
    var directory = Directory.CreateTempSubdirectory("relay-torture-");
    var (result, reason) = parsed.GetValue(smallDisk) is { } mebibytes
        ? await FullDiskRun.RunAsync(plan, mebibytes * 1024L * 1024, directory.FullName, Console.Error.WriteLine, cancellationToken)
        : parsed.GetValue(diskFaults)
        ? await DiskFaultRun.RunAsync(plan, parsed.GetValue(faults)!, directory.FullName, Console.Error.WriteLine, cancellationToken)
        : (await TortureRun.RunAsync(plan, directory.FullName, Console.Error.WriteLine, cancellationToken), string.Empty);
    if (result is null)
    {
        await Console.Error.WriteLineAsync(reason);
        return 2;
    }

    TortureReport.Write(Console.Out, result);
    var failures = result.Failures(plan);
    foreach (var failure in failures)
    {
        await Console.Out.WriteLineAsync($"FAILED: {failure}");
    }

    if (failures.Count > 0)
    {
        await Console.Out.WriteLineAsync($"The relay's logs and data are kept in {directory.FullName}.");
        return 1;
    }

    directory.Delete(recursive: true);
    return 0;
});
return await command.Parse(args).InvokeAsync();
