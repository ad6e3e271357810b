using System.CommandLine;
using Relay.LoadTest;
using Relay.LoadTest.Backlog;
using Relay.LoadTest.Load;

var messages = new Option<int>("--messages") { Description = "how many messages; with a backlog, in each round", DefaultValueFactory = _ => 10_000 };
var sessions = new Option<int>("--sessions") { Description = "clients at the same time", DefaultValueFactory = _ => 20 };
var size = new Option<int>("--size") { Description = "octets of a message", DefaultValueFactory = _ => 10_240 };
var domains = new Option<int>("--domains") { Description = "recipient domains", DefaultValueFactory = _ => 50 };
var recipients = new Option<int>("--recipients") { Description = "recipients of a message", DefaultValueFactory = _ => 1 };
var killAfter = new Option<int?>("--kill-after") { Description = "SIGKILL the relay after so many accepted messages, and restart it" };
var backlog = new Option<int?>("--backlog") { Description = "start on a queue of so many messages, nine of ten of which cannot go" };
var backlogKind = new Option<BacklogKind>("--backlog-kind") { Description = "what those nine of ten are like", DefaultValueFactory = _ => BacklogKind.Dead };
var command = new RootCommand("Loads the relay of this tree, as a process of its own, and counts what arrives.")
{
    messages, sessions, size, domains, recipients, killAfter, backlog, backlogKind,
};
command.SetAction(async (parsed, cancellationToken) =>
{
    var directory = Directory.CreateTempSubdirectory("relay-load-");
    var isGood = parsed.GetValue(backlog) is { } queued
        ? await RunBacklogAsync(queued)
        : await RunLoadAsync();
    if (!isGood)
    {
        await Console.Out.WriteLineAsync($"The relay's log and data are kept in {directory.FullName}.");
        return 1;
    }

    directory.Delete(recursive: true);
    return 0;

    async Task<bool> RunLoadAsync()
    {
        var plan = new LoadPlan
        {
            Messages = parsed.GetValue(messages),
            Sessions = parsed.GetValue(sessions),
            Octets = parsed.GetValue(size),
            Domains = parsed.GetValue(domains),
            Recipients = parsed.GetValue(recipients),
            KillAfter = parsed.GetValue(killAfter),
        };
        var result = await LoadRun.RunAsync(plan, directory.FullName, cancellationToken);
        LoadReport.Write(Console.Out, plan, result);
        return result.Lost == 0;
    }

    async Task<bool> RunBacklogAsync(int queued)
    {
        var plan = new BacklogPlan
        {
            Queued = queued,
            Octets = parsed.GetValue(size),
            Kind = parsed.GetValue(backlogKind),
            RoundMessages = parsed.GetValue(messages),
            Sessions = parsed.GetValue(sessions),
        };
        var result = await BacklogRun.RunAsync(plan, directory.FullName, Console.Error, cancellationToken);
        return BacklogReport.Write(Console.Out, plan, result);
    }
});
return await command.Parse(args).InvokeAsync();
